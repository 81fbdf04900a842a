/** Rules of matrix products. */
import { type Call, input, intOf, type Known, type Rule, sameType, stringOf } from './call.js'
import { broadcast, contradiction, type Dim, describeDims, expectRank, sameDim } from './sizes.js'

/** [..., n, k] x [..., k, m], as numpy.matmul. A vector is a row on the left side and a column on the right side. */
function matMulDims(call: Call, left: number, right: number): Dim[] | null {
  const [a, b] = [input(call, left).dims, input(call, right).dims]
  if (a === null || b === null) return null
  if (a.length === 0 || b.length === 0) throw contradiction('multiplies a matrix with a scalar')
  const [rows, columns] = [a.length === 1 ? [1, ...a] : a, b.length === 1 ? [...b, 1] : b]
  sameDim(rows.at(-1)!, columns.at(-2)!, `inner sizes of ${describeDims(a)} and ${describeDims(b)} differ`)
  const batch = broadcast([rows.slice(0, -2), columns.slice(0, -2)], [])!
  return [...batch, ...(a.length === 1 ? [] : [rows.at(-2)!]), ...(b.length === 1 ? [] : [columns.at(-1)!])]
}

const gemm: Rule = (call) => {
  const type = sameType(call)
  const [a, b] = [input(call, 0), input(call, 1)]
  expectRank(a, 'input A', 2)
  expectRank(b, 'input B', 2)
  const [n, k] = oriented(a, intOf(call, 'transA', 0))
  const [k2, m] = oriented(b, intOf(call, 'transB', 0))
  sameDim(k, k2, `inner sizes of ${describeDims(a.dims)} and ${describeDims(b.dims)} differ`)
  const { dims: bias } = input(call, 2)
  if (bias) {
    const stretch = broadcast([[n, m], bias], ['A x B', call.node.inputs[2]!])!
    if (stretch.length > 2 || stretch.some((dim, i) => typeof [n, m][i] === 'number' && dim !== [n, m][i])) {
      throw contradiction(`bias ${describeDims(bias)} does not fit ${describeDims([n, m])}`)
    }
  }
  return [{ type, dims: [n, m] }]
}

function oriented({ dims }: Known, transpose: number): readonly [Dim, Dim] {
  const [rows, columns] = (dims ?? [null, null]) as readonly [Dim, Dim]
  return transpose !== 0 ? [columns, rows] : [rows, columns]
}

const einsum: Rule = (call) => {
  const type = sameType(call)
  const [left, right] = stringOf(call, 'equation', '').replaceAll(' ', '').split('->') as [
    string,
    string | undefined,
  ]
  const terms = left.split(',')
  if (terms.length !== call.inputs.length) throw contradiction(`equation has ${terms.length} terms`)
  // An ellipsis stands for any number of axes. No real equation is as long as this.
  if (left.includes('.') || left.length > 256) return [{ type, dims: null }]
  const sizes = new Map<string, Dim>()
  terms.forEach((term, index) => {
    expectRank(input(call, index), `input ${index}`, term.length)
    for (const [axis, label] of [...term].entries()) {
      const dim = input(call, index).dims?.[axis] ?? null
      const known = sizes.get(label) ?? null
      sizes.set(
        label,
        known === 1 || dim === 1
          ? known === 1
            ? dim
            : known
          : sameDim(known, dim, `sizes of '${label}' differ`),
      )
    }
  })
  const once = [...sizes.keys()].filter((label) => left.split(label).length === 2).sort()
  return [{ type, dims: [...(right ?? once.join(''))].map((label) => sizes.get(label) ?? null) }]
}

/** The rules of these operators, by name. */
export const matrixRules: Readonly<Record<string, Rule>> = {
  Einsum: einsum,
  Gemm: gemm,
  MatMul: (call) => [{ type: sameType(call), dims: matMulDims(call, 0, 1) }],
  MatMulInteger: (call) => [{ type: 'int32', dims: matMulDims(call, 0, 1) }],
  QLinearMatMul: (call) => [{ type: input(call, 7).type, dims: matMulDims(call, 0, 3) }],
}
