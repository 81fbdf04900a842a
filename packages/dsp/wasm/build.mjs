/** `npm run wasm -w @esc/dsp` compiles the .as.ts files into a source file. So no bundler has to find a .wasm file. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'

const path = (name) => fileURLToPath(new URL(name, import.meta.url))

/** The text of the generated file. */
export async function compile() {
  const files = new Map()
  const sources = ['fft.as.ts', 'frame.as.ts', 'matrix.as.ts', 'vocoder.as.ts']
  const flags = ['--optimizeLevel', '3', '--shrinkLevel', '1', '--noAssert', '--runtime', 'stub']
  const memory = ['--importMemory', '--noExportMemory', '--memoryBase', '0', '--enable', 'simd']
  const { error, stderr } = await asc.main(
    [...sources, '--baseDir', path('.'), '--outFile', 'kernel.wasm', ...flags, ...memory],
    { writeFile: (name, contents) => files.set(name, contents) },
  )
  if (error) throw new Error(`${error.message}\n${stderr}`)
  const base64 = Buffer.from(files.get('kernel.wasm')).toString('base64')
  return `/** The inner loops in WebAssembly: wasm/*.as.ts, compiled by wasm/build.mjs. */\nexport const kernelBase64 =\n  '${base64}'\n`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(path('../src/fft/kernel.generated.ts'), await compile())
}
