import type {OpenWorld} from './start.ts'

/** The real world, loaded when a roll needs one. */
export const openRealWorld: OpenWorld = async (context, nodes) => {
  const {openRollWorld} = await import('./world.ts')
  return openRollWorld(context, nodes)
}
