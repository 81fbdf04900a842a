/** How a clip of any length is cut into windows that a network reads one at a time. */
import { asOptions, assertKnown, assertPositive } from '../check/options.js'
import { EscError } from '../error.js'

/**
 * The windows of a clip: the first begins at its start, each next one `hopSec` later, and the last one ends where the clip ends
 * (but for a rest shorter than the recipe's `hopLength`, which would add no frame). A clip shorter than one window is padded with zeros. What is computed of the windows (probabilities) is averaged over the clip.
 */
export interface ClipWindows {
  /** Length of a window in seconds. */
  windowSec: number
  /** Seconds from the start of one window to the start of the next. */
  hopSec: number
}

/** What a caller says of windows. */
export interface ClipWindowsOptions {
  /** Length of a window in seconds, in (0, 3600]. */
  windowSec: number
  /** Seconds from one window's start to the next one's, in (0, windowSec]. @defaultValue `windowSec / 2` */
  hopSec?: number | undefined
}

/**
 * Checks windows, and fills in the hop.
 *
 * @throws EscError INVALID_OPTION if a length is out of range, or sound between two windows would not be heard.
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
