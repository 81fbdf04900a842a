/** How a clip of any length is cut into windows of one length. The network reads one window at a time. */
import { asOptions, assertKnown, assertPositive } from '../check/options.js'
import { EscError } from '../error.js'

/**
 * The windows of a clip. The first window begins at the start of the clip. Each next window begins `hopSec` later. The last window
 * ends at the end of the clip; a rest shorter than the recipe's `hopLength` is left out, because it would add no frame. A clip
 * shorter than one window is padded with zeros. The scores of a clip are the mean of its windows' scores.
 */
export interface ClipWindows {
  /** Length of a window in seconds. */
  windowSec: number
  /** Seconds from the start of one window to the start of the next. */
  hopSec: number
}

/** Windows as a caller gives them: `hopSec` may be left out. */
export interface ClipWindowsOptions {
  /** Length of a window in seconds, in (0, 3600]. */
  windowSec: number
  /** Seconds from the start of one window to the start of the next, in (0, windowSec]. @defaultValue `windowSec / 2` */
  hopSec?: number | undefined
}

/**
 * Checks windows, and adds `hopSec` where it is missing.
 *
 * @throws EscError INVALID_OPTION if a length is out of range, or if `hopSec > windowSec`: the network would not hear the sound
 *   between two windows.
 * @example resolveWindows({ windowSec: 2 }) // { windowSec: 2, hopSec: 1 }
 */
export function resolveWindows(windows: ClipWindowsOptions): ClipWindows {
  assertKnown('windows', windows, { windowSec: true, hopSec: true })
  const { windowSec } = asOptions('windows', windows)
  assertPositive('windows.windowSec', windowSec)
  const { hopSec = windowSec / 2 } = windows
  assertPositive('windows.hopSec', hopSec)
  if (windowSec > 3600) {
    throw new EscError('INVALID_OPTION', `windows.windowSec=${windowSec} must be at most 3600, an hour`)
  }
  if (hopSec > windowSec) {
    throw new EscError(
      'INVALID_OPTION',
      `windows.hopSec=${hopSec} must be at most windowSec=${windowSec}: the sound between two windows would not be heard`,
    )
  }
  return { windowSec, hopSec }
}
