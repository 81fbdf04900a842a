/** Whether the network is better than the linear probe, in words. */
import { percent } from './stages/context.js'

/**
 * What is to say about a network that does not beat the probe; `null` if it does.
 *
 * @example defeatOf(0.7, 0.8) // 'the network loses to the linear probe: test accuracy 70.0 % against 80.0 %'
 */
export function defeatOf(network: number, probe: number): string | null {
  // Written so that a figure that is missing (NaN) gives no verdict.
  if (!(network <= probe)) return null
  const verb = network < probe ? 'loses to' : 'is only as good as'
  return `the network ${verb} the linear probe: test accuracy ${percent(network)} against ${percent(probe)}`
}
