// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are Terraform's
import assert from 'node:assert/strict'
import {execFileSync} from 'node:child_process'
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import fc from 'fast-check'
import {unifiedDiff} from '../../../../src/lib/domain/terraform/diff.ts'
import {lineAt, TerraformRefusal} from '../../../../src/lib/domain/terraform/lexer.ts'
import {
  applyEdit,
  BlockNotFound,
  planSwitch,
  readUses,
  type Side,
  type SwitchRequest,
} from '../../../../src/lib/domain/terraform/switch.ts'
import {temporaryFolder} from '../../../support/folder.ts'
import {ARN, CLOUD, hosted, serviceModule, servicesFile} from '../../../support/terraform.ts'

const to = (side: Side, service = 'facebox', more: Partial<SwitchRequest> = {}): SwitchRequest => ({
  service,
  to: side,
  ...more,
})

function change(text: string, request: SwitchRequest): string {
  const {edit} = planSwitch(text, request)
  return edit ? applyEdit(text, edit) : text
}

function refusal(text: string, request: SwitchRequest = to('self-hosted')): string {
  try {
    planSwitch(text, request)
  } catch (error) {
    if (error instanceof TerraformRefusal) return `${error.line}: ${error.message}`
    if (error instanceof BlockNotFound) {
      return `${error.message} [${error.candidates.map(({module, line}) => `${module}:${line}`)}]`
    }
    throw error
  }
  throw new Error('it was not refused')
}

describe('switching a service in a Terraform file', () => {
  it('replaces the reference and not one byte more', () => {
    const text = servicesFile()
    const switched = change(text, to('self-hosted'))
    assert.equal(switched, text.replace(CLOUD, hosted('facebox')))
    assert.notEqual(switched, text)
    assert.equal(change(switched, to('self-hosted')), switched)
    assert.equal(change(switched, to('synadia')), text)
  })

  for (const [what, text] of Object.entries({
    CRLF: servicesFile().replaceAll('\n', '\r\n'),
    'a byte order mark': `\ufeff${servicesFile()}`,
    'no line end at the end': servicesFile().trimEnd(),
    'names of other scripts': servicesFile().replaceAll('owner', 'besitzer_größe'),
    'a block on one line': `module "facebox" { nats_ssm_parameter_arn_base = "${ARN}\${${CLOUD}}" }\n`,
    'space inside the interpolation': serviceModule('facebox').replace(CLOUD, `\n  ${CLOUD} # here\n  `),
    'a label without quotes': serviceModule('facebox').replace('"facebox"', 'facebox'),
  })) {
    it(`keeps ${what}`, () => {
      const switched = change(text, to('self-hosted'))
      assert.equal(switched, text.replace(CLOUD, hosted('facebox')))
      assert.equal(change(switched, to('synadia')), text)
    })
  }

  it('is not misled by comments, heredocs and strings that look like it', () => {
    const line = `nats_ssm_parameter_arn_base = "${ARN}\${${CLOUD}}"`
    const decoys = [
      `# module "facebox" {\n#   ${line}\n# }\n`,
      `// ${line}\n`,
      `/* module "facebox" {\n ${line}\n} */\n`,
      `locals {\n  text = <<-EOT\n    module "facebox" {\n      ${line.replaceAll('${', '$${')}\n    }\n  EOT\n}\n`,
      `locals {\n  brace = "}"\n  text = <<X\n\${join("}", ["EOT", "X"])}\n  X marks nothing\n X\n}\n`,
      `output "x" {\n  value = "\${jsonencode({a = "}", b = "%{ if true }yes%{ endif }"})}"\n}\n`,
      'variable "x" {\n  default = "$${not} %%{this} \\" # no comment"\n}\n',
    ]
    for (const decoy of decoys) {
      const text = `${decoy}${servicesFile()}`
      assert.equal(change(text, to('self-hosted')), `${decoy}${change(servicesFile(), to('self-hosted'))}`, decoy)
    }
  })

  it('finds the block by its label, by what it calls itself, and by what it uses', () => {
    const named = serviceModule('worker', {lines: ['  service_name = "face-box"']})
    assert.match(change(named, to('self-hosted', 'face-box')), /service_ssm_prefixes\["face-box"\]/)
    assert.match(change(serviceModule('face_box'), to('self-hosted', 'face-box')), /service_ssm_prefixes\["face-box"\]/)
    const used = serviceModule('media_worker', {reference: hosted('facebox')})
    assert.equal(change(used, to('synadia')), serviceModule('media_worker'))
    const other = serviceModule('media_worker')
    assert.equal(
      refusal(other + serviceModule('messenger')),
      'no module block with nats_ssm_parameter_arn_base is of service facebox [media_worker:3,messenger:7]',
    )
    assert.match(
      change(other, to('self-hosted', 'facebox', {block: 'media_worker'})),
      /service_ssm_prefixes\["facebox"\]/,
    )
  })

  it('does not choose between two blocks of one service', () => {
    const text = serviceModule('facebox') + serviceModule('worker', {reference: hosted('facebox')})
    assert.equal(refusal(text), '2 module blocks are of service facebox [facebox:3,worker:7]')
    assert.equal(change(text, to('self-hosted', 'facebox', {block: 'facebox'})), text.replace(CLOUD, hosted('facebox')))
  })

  it('keeps the module that is there, unless it is told another one', () => {
    const text = serviceModule('facebox', {reference: 'module.nats_blue.service_ssm_prefixes["facebox"]'})
    assert.equal(planSwitch(text, to('self-hosted')).edit, undefined)
    assert.match(
      change(text, to('self-hosted', 'facebox', {clusterModule: 'nats_green'})),
      /module\.nats_green\.service_/,
    )
    assert.match(change(text, to('synadia', 'facebox', {synadiaModule: 'ngs'})), /\$\{module\.ngs\.ssm_prefix\}"/)
  })

  for (const [what, text, said] of [
    [
      'a conditional',
      serviceModule('facebox', {value: 'var.x ? "a" : "b"'}),
      '3: the value of nats_ssm_parameter_arn_base is not one string',
    ],
    [
      'a heredoc',
      serviceModule('facebox', {value: `<<A\n${ARN}\${${CLOUD}}\nA`}),
      '3: the value of nats_ssm_parameter_arn_base is not one string',
    ],
    [
      'a plain string',
      serviceModule('facebox', {value: `"${ARN}/nats"`}),
      '3: the value of nats_ssm_parameter_arn_base does not end in "...parameter${module...}"',
    ],
    [
      'text after the reference',
      serviceModule('facebox', {value: `"${ARN}\${${CLOUD}}/x"`}),
      '3: the value of nats_ssm_parameter_arn_base does not end in "...parameter${module...}"',
    ],
    [
      'another path before it',
      serviceModule('facebox', {value: `"arn:x\${${CLOUD}}"`}),
      '3: the value of nats_ssm_parameter_arn_base does not end in "...parameter${module...}"',
    ],
    [
      'a loop',
      serviceModule('facebox', {reference: 'module.nats_cluster.service_ssm_prefixes[each.key]'}),
      "3: ${module.nats_cluster.service_ssm_prefixes[each.key]} is neither a self-hosted cluster's nor Synadia Cloud's",
    ],
    [
      'a local',
      serviceModule('facebox', {reference: 'local.prefix'}),
      "3: ${local.prefix} is neither a self-hosted cluster's nor Synadia Cloud's",
    ],
    [
      'a module with an index',
      serviceModule('facebox', {reference: 'module.nats[0].ssm_prefix'}),
      "3: ${module.nats[0].ssm_prefix} is neither a self-hosted cluster's nor Synadia Cloud's",
    ],
    [
      'a trim marker',
      serviceModule('facebox', {reference: `~ ${CLOUD}`}),
      "3: ${~ module.nats.ssm_prefix} is neither a self-hosted cluster's nor Synadia Cloud's",
    ],
    [
      "another service's path",
      serviceModule('facebox', {reference: hosted('messenger')}),
      '3: module facebox uses the credentials of messenger',
    ],
    [
      'the attribute twice',
      serviceModule('facebox').replace(/(\n {2}nats_.*)/, '$1$1'),
      '3: nats_ssm_parameter_arn_base is set again in line 4',
    ],
    [
      'a map of services',
      `locals {\n  services = {\n    facebox = {\n      nats_ssm_parameter_arn_base = "${ARN}\${${CLOUD}}"\n    }\n  }\n}\n`,
      '4: nats_ssm_parameter_arn_base does not stand in a module block here',
    ],
    [
      'a nested block',
      `module "facebox" {\n  inner {\n    nats_ssm_parameter_arn_base = "${ARN}\${${CLOUD}}"\n  }\n}\n`,
      '3: nats_ssm_parameter_arn_base does not stand in a module block here',
    ],
    [
      'an unclosed block',
      servicesFile().trimEnd().slice(0, -1),
      `${lineAt(servicesFile(), servicesFile().lastIndexOf('module "'))}: { is never closed`,
    ],
    ['an unclosed string', 'a = 1\nb = "x\n', '2: a string is never closed'],
    ['an unclosed comment', 'a = 1\n\n/* x', '3: a comment is never closed'],
    ['an unclosed heredoc', 'a = <<EOT\nx\n  EOT x\n', '1: the heredoc EOT is never closed'],
    ['an unclosed interpolation', 'a = "${b"', '1: a string is never closed'],
    ['a wrong bracket', 'a = [1\n}\n', '2: } closes nothing'],
    ['JSON', '{"module": {}}', '1: expected a name, found {'],
    ['an empty value', 'a =\n', '1: expected a value'],
    ['three dollars', 'a = "$$${b}"', '1: $$${ can be read in two ways'],
    ['merge conflict markers', `<<<<<<< HEAD\n${servicesFile()}`, '1: << begins no heredoc here'],
    ['a lonely carriage return', 'a = 1\rb = 2\n', '1: unexpected character "\\r"'],
    ['nothing at all', '', 'no module block with nats_ssm_parameter_arn_base is of service facebox []'],
    ['strings in strings without end', `a = ${'"${'.repeat(1000)}`, '1: strings are nested too deeply'],
    [
      'blocks in blocks without end',
      `${'a {\n'.repeat(1000)}${'}\n'.repeat(1000)}`,
      '51: blocks are nested too deeply',
    ],
  ] as const) {
    it(`refuses ${what}, with its line`, () => assert.equal(refusal(text), said))
  }

  it('shows the change as a diff that git applies, whatever the line ends', () => {
    for (const text of [servicesFile(), servicesFile().replaceAll('\n', '\r\n'), serviceModule('facebox').trimEnd()]) {
      using folder = temporaryFolder({'src/services.tf': text})
      const {edit} = planSwitch(text, to('self-hosted'))
      const diff = unifiedDiff('src/services.tf', text, edit!)
      execFileSync('git', ['apply', '--whitespace=nowarn', '-'], {cwd: folder.path, input: diff})
      assert.equal(readFileSync(join(folder.path, 'src/services.tf'), 'utf8'), applyEdit(text, edit!))
    }
  })

  it('never changes another byte and never fails but by refusing, whatever the text', () => {
    const pieces = [
      ...servicesFile().split(/(?<=[\s"{}$[\]])/),
      ...[
        '<<EOT\n',
        'EOT\n',
        '/*',
        '*/',
        '#',
        '${',
        '%{',
        '$${',
        '}',
        '"',
        '\\',
        '\r\n',
        '\ufeff',
        '\u0000',
        '[',
        ')',
        '\u{1f600}',
      ],
    ]
    const soup = fc
      .array(fc.oneof(fc.constantFrom(...pieces), fc.string({maxLength: 5})), {maxLength: 60})
      .map((a) => a.join(''))
    const spoilt = fc.tuple(fc.nat(), fc.nat({max: 20}), soup).map(([at, length, text]) => {
      const whole = servicesFile()
      const start = at % whole.length
      return whole.slice(0, start) + text + whole.slice(start + length)
    })
    let understood = 0
    fc.assert(
      fc.property(fc.oneof(soup, spoilt), fc.constantFrom<Side>('self-hosted', 'synadia'), (text, side) => {
        let plan: ReturnType<typeof planSwitch>
        try {
          plan = planSwitch(text, to(side))
        } catch (error) {
          if (error instanceof TerraformRefusal) {
            assert.ok(error.line >= 1 && error.line <= text.split('\n').length, `line ${error.line}`)
            return
          }
          assert.ok(error instanceof BlockNotFound, String(error))
          return
        }
        understood += 1
        const after = plan.edit ? applyEdit(text, plan.edit) : text
        const {start, end} = plan.use
        assert.equal(after.slice(0, start), text.slice(0, start))
        assert.equal(after.slice(after.length - (text.length - end)), text.slice(end))
        assert.deepEqual(planSwitch(after, to(side)).edit, undefined)
        const others = (whole: string) =>
          readUses(whole).uses.map(({module, line, reference}) =>
            module === plan.use.module ? module : [module, line, reference],
          )
        assert.deepEqual(others(after), others(text))
      }),
      {numRuns: 1500},
    )
    assert.ok(understood > 50, `only ${understood} texts were understood`)
  })

  it('reads a large file', () => {
    const text = Array.from({length: 3000}, (_, n) => serviceModule(`service_${n}`)).join('\n')
    assert.equal(readUses(text).uses.length, 3000)
  })
})

describe('a hostile Terraform file', () => {
  /** Any other proportion takes longer than a test may. */
  it('costs time in proportion to its length', () => {
    const texts = [
      `a = "${'$'.repeat(1_000_000)}"\n`,
      `a = <<A\n${'%'.repeat(1_000_000)}\nA\n`,
      `x = {\n${'nats_ssm_parameter_arn_base = 1\n'.repeat(60_000)}}\n`,
      'module "a" {\nnats_ssm_parameter_arn_base = 1\n}\n'.repeat(30_000),
    ]
    assert.deepEqual(
      texts.map((text) => {
        const {uses, strays} = readUses(text)
        return [uses.at(-1)?.line, strays.at(-1)]
      }),
      [
        [undefined, undefined],
        [undefined, undefined],
        [undefined, 60_001],
        [89_999, undefined],
      ],
    )
  })
})
