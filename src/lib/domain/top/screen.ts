/** What the operator has chosen to see, and what a key makes of it. Pure: drawing and quitting are elsewhere. */

export const TOP_VIEWS = ['nodes', 'streams', 'consumers', 'connections'] as const
export type TopView = (typeof TOP_VIEWS)[number]

export interface TopOrder {
  /** A column's key. */
  readonly key: string
  readonly descends: boolean
}

export interface ScreenState {
  readonly view: TopView
  readonly orders: Readonly<Record<TopView, TopOrder>>
  /** Rows above the first one shown. */
  readonly offset: number
  readonly paused: boolean
  /** Only rows in whose names this occurs, in upper or lower case. */
  readonly filter: string
  /** The filter is being typed: every key is part of it. */
  readonly typing: boolean
  readonly help: boolean
}

export const FIRST_SCREEN: ScreenState = {
  view: 'nodes',
  orders: {
    nodes: {key: 'node', descends: false},
    streams: {key: 'stored', descends: true},
    consumers: {key: 'pending', descends: true},
    connections: {key: 'fromServer', descends: true},
  },
  offset: 0,
  paused: false,
  filter: '',
  typing: false,
  help: false,
}

/** A key by its name, or the character that was typed. */
export type Key =
  | {
      readonly name:
        | 'up'
        | 'down'
        | 'page-up'
        | 'page-down'
        | 'home'
        | 'end'
        | 'tab'
        | 'back-tab'
        | 'enter'
        | 'escape'
        | 'backspace'
    }
  | {readonly name: 'text'; readonly text: string}

/** What a key needs to know of the screen it is pressed on. */
export interface ScreenRoom {
  /** Rows of the view, the filter applied. */
  readonly rows: number
  /** How many of them are seen at once. */
  readonly page: number
  /** Keys of the view's columns, in their order. */
  readonly sortKeys: readonly string[]
}

const LONGEST_FILTER = 40

/** A `q` that is not part of a filter. */
export function isQuit({typing}: ScreenState, key: Key): boolean {
  return !typing && key.name === 'text' && key.text === 'q'
}

export function pressKey(state: ScreenState, key: Key, room: ScreenRoom): ScreenState {
  if (state.typing) return typeFilter(state, key)
  if (state.help) return {...state, help: false}
  const last = Math.max(0, room.rows - room.page)
  const scroll = (by: number): ScreenState => ({
    ...state,
    offset: Math.max(0, Math.min(last, Math.min(last, state.offset) + by)),
  })
  switch (key.name) {
    case 'up':
      return scroll(-1)
    case 'down':
      return scroll(1)
    case 'page-up':
      return scroll(-room.page)
    case 'page-down':
      return scroll(room.page)
    case 'home':
      return {...state, offset: 0}
    case 'end':
      return {...state, offset: last}
    case 'tab':
      return turnTo(state, 1)
    case 'back-tab':
      return turnTo(state, -1)
    case 'escape':
      return {...state, filter: '', offset: 0}
    case 'text':
      return pressLetter(state, key.text, room)
    default:
      return state
  }
}

function pressLetter(state: ScreenState, letter: string, room: ScreenRoom): ScreenState {
  const view = TOP_VIEWS[Number(letter) - 1]
  if (view) return {...state, view, offset: 0}
  const order = state.orders[state.view]
  switch (letter) {
    case 's':
      return reorder(state, {key: after(room.sortKeys, order.key, 1), descends: order.descends})
    case 'S':
      return reorder(state, {key: after(room.sortKeys, order.key, -1), descends: order.descends})
    case 'r':
      return reorder(state, {...order, descends: !order.descends})
    case 'p':
    case ' ':
      return {...state, paused: !state.paused}
    case 'k':
      return pressKey(state, {name: 'up'}, room)
    case 'j':
      return pressKey(state, {name: 'down'}, room)
    case '/':
      return {...state, typing: true}
    case '?':
    case 'h':
      return {...state, help: true}
    default:
      return state
  }
}

function typeFilter(state: ScreenState, key: Key): ScreenState {
  switch (key.name) {
    case 'text':
      return {...state, filter: (state.filter + key.text.replace(/\p{Cc}/gu, '')).slice(0, LONGEST_FILTER), offset: 0}
    case 'backspace':
      return {...state, filter: [...state.filter].slice(0, -1).join(''), offset: 0}
    case 'enter':
      return {...state, typing: false}
    case 'escape':
      return {...state, typing: false, filter: '', offset: 0}
    default:
      return state
  }
}

function turnTo(state: ScreenState, by: number): ScreenState {
  return {...state, view: after(TOP_VIEWS, state.view, by), offset: 0}
}

function reorder(state: ScreenState, order: TopOrder): ScreenState {
  return {...state, orders: {...state.orders, [state.view]: order}, offset: 0}
}

function after<Item>(items: readonly Item[], item: Item, by: number): Item {
  return items[(items.indexOf(item) + by + items.length) % items.length] ?? item
}
