import {setTimeout as delay} from 'node:timers/promises'
import type {TopLook} from '../../domain/top/look.ts'
import {advance, type TopModel} from '../../domain/top/model.ts'
import {FIRST_SCREEN, isQuit, pressKey, type ScreenState} from '../../domain/top/screen.ts'
import {surviveLostTerminal} from '../lost-terminal.ts'
import type {Terminal} from '../terminal.ts'
import type {ScreenProps} from './app.ts'
import {drawFrame, type FrameSize, roomOf} from './frame.ts'

export interface TopRun {
  readonly cluster: string
  readonly intervalMs: number
  readonly paint: Terminal['paint']
  /** The first Ctrl-C from outside, SIGTERM, SIGHUP. */
  readonly signal: AbortSignal
  /** Looks until the signal is aborted; `wants` says what is on the screen. */
  readonly looks: (
    wants: () => {readonly connections: boolean; readonly paused: boolean},
    signal: AbortSignal,
  ) => AsyncGenerator<TopLook, undefined>
}

/**
 * The live view on this process's terminal, which must be one at both ends. Resolves with how it ended, the terminal as
 * it was before; rejects with what a look failed with, terminal restored too.
 */
export async function runTop({cluster, intervalMs, paint, signal, looks}: TopRun): Promise<'quit' | 'interrupted'> {
  const ending = new AbortController()
  const quit = AbortSignal.any([signal, ending.signal])
  const over = new Promise<void>((resolve) => quit.addEventListener('abort', () => resolve(), {once: true}))
  let model: TopModel | undefined
  let state: ScreenState = FIRST_SCREEN
  let ended: 'quit' | 'interrupted' = 'quit'

  const {createElement, render, Screen} = await import('./app.ts')
  const styled = (size: FrameSize) => ({...size, paint, cluster, intervalMs})
  const element = () => {
    // Another object each time, so that React draws.
    const props: ScreenProps = {
      draw: (size) => drawFrame(model, state, styled(size)),
      onKey(key, size) {
        if (isQuit(state, key)) return ending.abort()
        state = pressKey(state, key, roomOf(model, state, size))
        redraw()
      },
      onQuit(by) {
        if (by === 'interruption') ended = 'interrupted'
        ending.abort()
      },
      onSuspend: (lend) => void lend(standAside).catch(() => {}),
    }
    return createElement(Screen, props)
  }
  surviveLostTerminal()
  // The terminal is gone, and its SIGHUP may come later.
  process.stdin.on('error', () => {
    ended = 'interrupted'
    ending.abort()
  })
  const screen = render(element(), {
    alternateScreen: true,
    // Where CI is set in a terminal, a person is still looking at it: both ends have been checked.
    interactive: true,
    exitOnCtrlC: false,
    patchConsole: false,
    isScreenReaderEnabled: false,
  })
  const redraw = (): void => screen.rerender(element())
  // Node prints the error of a bug after this, when the screen it was on would take it away.
  const restore = (): void => screen.unmount()
  process.once('uncaughtExceptionMonitor', restore)
  try {
    const wants = () => ({connections: state.view === 'connections', paused: state.paused})
    const failed = screen.waitUntilExit()
    failed.catch(() => {})
    const watch = async (): Promise<void> => {
      for await (const look of looks(wants, quit)) {
        model = advance(model, look)
        redraw()
      }
    }
    await Promise.race([watch(), failed, over])
  } catch (error) {
    if (!quit.aborted) throw error
  } finally {
    ending.abort()
    process.off('uncaughtExceptionMonitor', restore)
    screen.unmount()
    process.stdin.pause()
  }
  return signal.aborted ? 'interrupted' : ended
}

/** How long a process that nobody stopped waits before it goes on. */
const STOP_MS = 100

/**
 * Stops this process group as the terminal itself would at Ctrl-Z: a wrapper of ours has to stop too, or the shell never
 * gets its prompt. Goes on after SIGCONT; at once where there is no shell and the system ignores the signal.
 */
async function standAside(): Promise<void> {
  process.kill(0, 'SIGTSTP')
  await delay(STOP_MS)
}
