// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are Terraform's
import assert from 'node:assert/strict'
import {execFileSync} from 'node:child_process'
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {unifiedDiff} from '../../../../src/lib/domain/terraform/diff.ts'
import {applyEdit, planSwitch} from '../../../../src/lib/domain/terraform/switch.ts'
import {temporaryFolder} from '../../../support/folder.ts'
import {ARN, CLOUD, hosted, serviceModule, servicesFile} from '../../../support/terraform.ts'
import {change, refusal, to} from '../../../support/terraform-switch.ts'

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

  it('shows the change as a diff that git applies, whatever the line ends', () => {
    for (const text of [servicesFile(), servicesFile().replaceAll('\n', '\r\n'), serviceModule('facebox').trimEnd()]) {
      using folder = temporaryFolder({'src/services.tf': text})
      const {edit} = planSwitch(text, to('self-hosted'))
      const diff = unifiedDiff('src/services.tf', text, edit!)
      execFileSync('git', ['apply', '--whitespace=nowarn', '-'], {cwd: folder.path, input: diff})
      assert.equal(readFileSync(join(folder.path, 'src/services.tf'), 'utf8'), applyEdit(text, edit!))
    }
  })
})
