/**
 * JSON with every number as it was written. A server counts in 64 bits; JavaScript's numbers are exact to 53, so that a
 * sequence or an id that is parsed and written again may be another one afterwards.
 *
 * Parses like JSON.parse; a number that JavaScript would write differently stays the text it was, in an object that
 * JSON.stringify writes as that text. For showing and passing on, not for reckoning. Throws SyntaxError.
 */
export function parseExactJson(text: string): unknown {
  return parse(text, (_key, value, {source}) => {
    return typeof value === 'number' && source !== undefined && String(value) !== source ? rawJson(source) : value
  })
}

/** Both are in ECMAScript and in Node 21 and newer, but not yet in TypeScript's library. */
type Reviver = (key: string, value: unknown, context: {readonly source?: string}) => unknown
const parse = JSON.parse as (text: string, reviver: Reviver) => unknown
const {rawJSON: rawJson} = JSON as unknown as {readonly rawJSON: (source: string) => unknown}
