/**
 * script/pictures.ts LAB: pictures of the terminal for the documentation, docs/pictures/*.svg, made from real runs of the
 * build against a running lab. Each command runs in a pseudo terminal of 80 columns; what it has drawn becomes text in an
 * SVG, colours included. Not part of any build: run it when the output has changed.
 */
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {writeFileSync} from 'node:fs'
import {fileURLToPath} from 'node:url'
import xterm, {type IBufferCell, type Terminal} from '@xterm/headless'

const COLUMNS = 80
const CELL = {width: 8.4, height: 18}
const PALETTE = ['#1d1f21', '#e06c75', '#98c379', '#e5c07b', '#61afef', '#c678dd', '#56b6c2', '#d0d3d9']
const BRIGHT = ['#767b85', '#ff7b86', '#b5e890', '#ffd88a', '#7cc4ff', '#e08cff', '#6fd8e5', '#ffffff']

const root = fileURLToPath(new URL('..', import.meta.url))
const [, , lab = 'lab'] = process.argv
const pictures: readonly {
  readonly name: string
  readonly words: readonly string[]
  readonly rows: number
  readonly stopAfterMs?: number
}[] = [
  {name: 'health', words: ['health', '--cluster', lab], rows: 40},
  {name: 'roll-plan', words: ['roll', '--cluster', lab, '--dry-run'], rows: 60},
  {name: 'report', words: ['report', 'jetstream', '--cluster', lab], rows: 40},
  {name: 'top', words: ['top', '--cluster', lab, '--interval', '1s'], rows: 24, stopAfterMs: 8000},
]
for (const {name, words, rows, stopAfterMs} of pictures) {
  const terminal = await run(words, rows, stopAfterMs)
  writeFileSync(`${root}/docs/pictures/${name}.svg`, draw(['natsops', ...words].join(' '), terminal))
  console.log(`wrote docs/pictures/${name}.svg`)
}

/** What stands in the window when the command has ended, or after the time, when it is closed with q. */
async function run(words: readonly string[], rows: number, stopAfterMs: number | undefined): Promise<Terminal> {
  const terminal = new xterm.Terminal({cols: COLUMNS, rows, allowProposedApi: true})
  const line = ['stty', 'cols', COLUMNS, 'rows', rows, ';', 'exec', process.execPath, `${root}/bin/run.js`, ...words]
  const child = spawn('script', ['-qfec', line.join(' '), '/dev/null'], {stdio: ['pipe', 'pipe', 'inherit']})
  let open = true
  child.stdout.on('data', (chunk: Buffer) => open && terminal.write(chunk))
  const timer =
    stopAfterMs &&
    setTimeout(() => {
      open = false
      child.stdin.write('q')
    }, stopAfterMs)
  await once(child, 'close')
  clearTimeout(timer || undefined)
  await new Promise<void>((resolve) => terminal.write('', resolve))
  return terminal
}

function draw(command: string, {buffer, rows}: Terminal): string {
  const lines = Array.from({length: rows}, (_, row) => buffer.active.getLine(row))
  const last = lines.findLastIndex((line) => line?.translateToString(true))
  const body = lines.slice(0, last + 1).map((line, row) => {
    const y = (row + 2) * CELL.height
    const spans: string[] = []
    for (let column = 0; column < COLUMNS; ) {
      const cell = line?.getCell(column)
      let text = ''
      let end = column
      for (; end < COLUMNS && style(line?.getCell(end)) === style(cell); end += 1)
        text += line?.getCell(end)?.getChars() || ' '
      const width = CELL.width * (end - column)
      if (text.trim()) {
        const x = 12 + column * CELL.width
        spans.push(`<text x="${x}" y="${y}" textLength="${width}" ${style(cell)}>${escapeXml(text)}</text>`)
      }
      column = end
    }
    return spans.join('')
  })
  const width = COLUMNS * CELL.width + 24
  const height = (last + 3) * CELL.height
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeXml(command)}">
<rect width="100%" height="100%" rx="8" fill="${PALETTE[0]}"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14" xml:space="preserve">
<text x="12" y="${CELL.height}" fill="${BRIGHT[0]}">$ ${escapeXml(command)}</text>
${body.filter(Boolean).join('\n')}
</g>
</svg>
`
}

/** Attributes of a run of cells that look alike. */
function style(cell: IBufferCell | undefined): string {
  if (!cell) return ''
  const colour = cell.getFgColor()
  const named = colour < 8 ? PALETTE[colour] : BRIGHT[colour - 8]
  const fill = cell.isFgDefault() ? PALETTE[7] : (named ?? PALETTE[7])
  const weight = cell.isBold() ? ' font-weight="bold"' : ''
  return `fill="${cell.isDim() ? BRIGHT[0] : fill}"${weight}`
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}
