/** `npm run map`: brings the lists of files in ARCHITECTURE.md up to date. */
import { readFileSync, writeFileSync } from 'node:fs'
import { updateMap } from './map.js'

const page = new URL('../../../../ARCHITECTURE.md', import.meta.url)
writeFileSync(page, updateMap(readFileSync(page, 'utf8')))
