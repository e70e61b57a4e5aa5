import assert from 'node:assert/strict'
import {globSync, readFileSync} from 'node:fs'
import {dirname, join, normalize} from 'node:path'

/** Which package may be named where. A new dependency direction is a decision: change it here, in review. */
const packages: Record<string, RegExp> = {
  '@oclif/core': /^src\/(commands\/|lib\/(((roll|listing|auth)-)?command|help)\.ts|lib\/hooks\/)/,
  '@axiomhq/': /^src\/lib\/clients\/axiom\//,
  '@aws-sdk/': /^src\/lib\/clients\/aws\//,
  '@smithy/': /^src\/lib\/clients\/aws\//,
  '@nats-io/jwt': /^src\/lib\/(author\/|clients\/nats\/)/,
  '@peculiar/x509': /^src\/lib\/author\//,
  bcryptjs: /^src\/lib\/author\//,
  'reflect-metadata': /^src\/lib\/author\//,
  ink: /^src\/lib\/output\/top\//,
  react: /^src\/lib\/output\/top\//,
  nats: /^src\/lib\/clients\/nats\//,
  'nkeys.js': /^src\/lib\/clients\/nats\//,
  chalk: /^src\/lib\/output\//,
  ora: /^src\/lib\/output\//,
  'string-width': /^src\/lib\/output\//,
  yaml: /^src\/lib\/(config|author)/,
}

/** Which folder may import which; every folder may import itself, errors.ts and the types of domain/. */
const layers: readonly {from: RegExp; to: RegExp}[] = [
  {
    from: /^src\/commands\//,
    to: /^src\/lib\/(((roll|listing|auth)-)?command|config|errors)\.ts|^src\/lib\/(ops|output|domain)\//,
  },
  {from: /^src\/lib\/domain\//, to: /^src\/lib\/domain\//},
  {from: /^src\/lib\/output\//, to: /^src\/lib\/(output|domain)\/|^src\/lib\/(errors|nearest)\.ts/},
  {
    from: /^src\/lib\/ops\//,
    to: /^src\/lib\/(ops|domain|lab|author)\/|^src\/lib\/(errors|context|config|files|nearest|program-path)\.ts|^src\/lib\/clients\/ports\.ts/,
  },
  {from: /^src\/lib\/clients\//, to: /^src\/lib\/(clients|domain)\/|^src\/lib\/errors\.ts/},
  {
    from: /^src\/lib\/author\//,
    to: /^src\/lib\/(author|domain)\/|^src\/lib\/(errors|files|nearest)\.ts|^src\/lib\/config\/(document|duration|values)\.ts/,
  },
  {
    from: /^src\/lib\/lab\//,
    to: /^src\/lib\/(lab|author|domain)\/|^src\/lib\/(errors|clock|files|program-path)\.ts|^src\/lib\/clients\/ports\.ts/,
  },
]

describe('layers', () => {
  for (const file of globSync('src/**/*.ts')) {
    it(file, () => {
      const text = readFileSync(file, 'utf8')
      const names = [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]!)
      for (const name of names) {
        if (name.startsWith('.')) assertLayer(file, normalize(join(dirname(file), name)))
        else assertPackage(file, name)
      }
    })
  }
})

function assertPackage(file: string, name: string): void {
  for (const [prefix, home] of Object.entries(packages)) {
    if (name === prefix || name.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`)) assert.match(file, home, name)
  }
  if (file.startsWith('src/lib/domain/')) assert.fail(`${file} must stay free of I/O, but imports ${name}`)
}

function assertLayer(file: string, target: string): void {
  for (const {from, to} of layers) if (from.test(file)) assert.match(target, to, `${file} imports ${target}`)
}
