/** Public names of `@esc/model/tfjs`: training on tfjs, and conversion to and from its models. */
export { tfjsEngine } from './engine.js'
export { type ForwardOptions, type ForwardPass, forward, type Tensors } from './forward.js'
export { fromLayersModel } from './from-layers-model.js'
export { toLayersModel } from './to-layers-model.js'
