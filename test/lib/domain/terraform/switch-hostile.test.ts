// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are Terraform's
import assert from 'node:assert/strict'
import fc from 'fast-check'
import {TerraformRefusal} from '../../../../src/lib/domain/terraform/lexer.ts'
import {applyEdit, BlockNotFound, planSwitch, readUses, type Side} from '../../../../src/lib/domain/terraform/switch.ts'
import {serviceModule, servicesFile} from '../../../support/terraform.ts'
import {to} from '../../../support/terraform-switch.ts'

describe('switching a service in a Terraform file', () => {
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
        // By place, not by line: what is replaced may have had line breaks in it.
        const others = (whole: string) =>
          readUses(whole).uses.map(({module, start: at, reference}) =>
            module === plan.use.module ? module : [module, at < start ? at : at - whole.length, reference],
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
