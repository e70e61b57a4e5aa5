// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are Terraform's
import assert from 'node:assert/strict'
import {lineAt} from '../../../../src/lib/domain/terraform/lexer.ts'
import {ARN, CLOUD, hosted, serviceModule, servicesFile} from '../../../support/terraform.ts'
import {refusal} from '../../../support/terraform-switch.ts'

describe('switching a service in a Terraform file', () => {
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
})
