/** What XML is made from: an object's keys are elements, an array's elements all have one name, undefined is left out. */
export type XmlContent =
  | string
  | number
  | boolean
  | undefined
  | readonly XmlContent[]
  | {readonly [name: string]: XmlContent}

/**
 * One element and all below it. Query services call an array's elements `member`, EC2 calls them `item`.
 * @param xmlns the namespace of the outermost element
 */
export function renderXml(name: string, content: XmlContent, itemName: string, xmlns?: string): string {
  const opening = xmlns === undefined ? name : `${name} xmlns="${escapeXml(xmlns)}"`
  const inner = renderContent(content, itemName)
  return inner === '' ? `<${opening}/>` : `<${opening}>${inner}</${name}>`
}

function renderContent(content: XmlContent, itemName: string): string {
  if (content === undefined) return ''
  if (typeof content !== 'object') return escapeXml(String(content))
  if (isList(content)) return content.map((item) => renderXml(itemName, item, itemName)).join('')
  return Object.entries(content)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => renderXml(name, value, itemName))
    .join('')
}

/** Array.isArray does not narrow readonly arrays. */
function isList(content: object): content is readonly XmlContent[] {
  return Array.isArray(content)
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
}

/** Text for an element or an attribute. What XML 1.0 has no way to write becomes U+FFFD. */
export function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replace(/[&<>"\r]/g, (character) => entities[character] ?? character)
    .replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '\ufffd')
}
