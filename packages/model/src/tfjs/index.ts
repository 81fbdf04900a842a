export { fromLayersModel } from './from-layers-model.js'
export { toLayersModel } from './to-layers-model.js'
