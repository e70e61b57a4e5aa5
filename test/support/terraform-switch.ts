import {TerraformRefusal} from '../../src/lib/domain/terraform/lexer.ts'
import {
  applyEdit,
  BlockNotFound,
  planSwitch,
  type Side,
  type SwitchRequest,
} from '../../src/lib/domain/terraform/switch.ts'

/** The switch of a service to a side. */
export const to = (side: Side, service = 'facebox', more: Partial<SwitchRequest> = {}): SwitchRequest => ({
  service,
  to: side,
  ...more,
})

/** The text after the switch. */
export function change(text: string, request: SwitchRequest): string {
  const {edit} = planSwitch(text, request)
  return edit ? applyEdit(text, edit) : text
}

/** Why there is no switch, as `line: message`; where no block was found, with those there are. */
export function refusal(text: string, request: SwitchRequest = to('self-hosted')): string {
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
