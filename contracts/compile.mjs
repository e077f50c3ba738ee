// Compiles the contracts with the pinned npm solc and writes the artifacts that crates/devnet embeds.
//
//   node compile.mjs           writes artifacts/*.json
//   node compile.mjs --check   writes nothing; fails if a committed artifact is not what the sources give
//
// The same sources give the same bytes on every machine: solc is pinned, runs as WebAssembly, gets bare file
// names, and leaves its metadata hash out of the bytecode.

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import solc from 'solc'

const CONTRACTS = ['TestUSD', 'Refuser']
const here = dirname(fileURLToPath(import.meta.url))
const artifacts = join(here, 'artifacts')
const check = process.argv.includes('--check')

const sources = Object.fromEntries(
  CONTRACTS.map(name => [`${name}.sol`, { content: readFileSync(join(here, `${name}.sol`), 'utf8') }])
)

const output = JSON.parse(solc.compile(JSON.stringify({
  language: 'Solidity',
  sources,
  settings: {
    optimizer: { enabled: true, runs: 200 },
    // The oldest rules among the chains Sluice pays on, so that one bytecode runs on all of them.
    evmVersion: 'cancun',
    metadata: { bytecodeHash: 'none', appendCBOR: false },
    outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object'] } }
  }
})))

const problems = output.errors ?? []
if (problems.length > 0) {
  // Warnings too: the sources are small enough to have none.
  for (const problem of problems) console.error(problem.formattedMessage)
  process.exit(1)
}

let stale = 0
if (!check) mkdirSync(artifacts, { recursive: true })
for (const name of CONTRACTS) {
  const { abi, evm } = output.contracts[`${name}.sol`][name]
  const text = JSON.stringify({
    contract: name,
    solc: solc.version(),
    source_sha256: createHash('sha256').update(sources[`${name}.sol`].content).digest('hex'),
    abi,
    bytecode: `0x${evm.bytecode.object}`,
    deployedBytecode: `0x${evm.deployedBytecode.object}`
  }, null, 2) + '\n'
  const path = join(artifacts, `${name}.json`)
  if (!check) {
    writeFileSync(path, text)
    console.log(`artifacts/${name}.json: ${evm.deployedBytecode.object.length / 2} bytes of code`)
  } else if (!existsSync(path) || readFileSync(path, 'utf8') !== text) {
    console.error(`artifacts/${name}.json is not what ${name}.sol gives; run: node compile.mjs`)
    stale += 1
  }
}
process.exit(stale === 0 ? 0 : 1)
