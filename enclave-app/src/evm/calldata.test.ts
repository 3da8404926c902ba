import { describe, expect, it } from 'vitest';
import { parseAbi } from './abi.ts';
import { decodeCalldata } from './calldata.ts';
import { EvmError } from './evm-error.ts';
import { parseHex } from './hex.ts';
import { TOKEN_ABIS, type TokenStandard } from './token-abis.ts';

function codeOf(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    if (error instanceof EvmError) return error.code;
    throw error;
  }
}

const word = (digits: string) => digits.padStart(64, '0');
const fn = (...types: string[]) => [
  { type: 'function', name: 'f', inputs: types.map((type, i) => ({ name: `p${i}`, type })) },
];

function decode(types: string[], ...words: string[]): unknown {
  const abi = parseAbi(fn(...types));
  const data = parseHex((abi[0]?.selector as string) + words.join(''));
  return codeOf(() => decodeCalldata(abi, data)?.arguments.map(({ value }) => value));
}

describe('TOKEN_ABIS', () => {
  // Selectors as deployed contracts and block explorers know them.
  it.each<[TokenStandard, string, string, string[]]>([
    ['erc20', 'transfer', '0xa9059cbb', ['to', 'value']],
    ['erc20', 'approve', '0x095ea7b3', ['spender', 'value']],
    ['erc20', 'transferFrom', '0x23b872dd', ['from', 'to', 'value']],
    ['erc721', 'approve', '0x095ea7b3', ['to', 'tokenId']],
    ['erc721', 'transferFrom', '0x23b872dd', ['from', 'to', 'tokenId']],
    ['erc721', 'safeTransferFrom', '0x42842e0e', ['from', 'to', 'tokenId']],
    ['erc721', 'safeTransferFrom', '0xb88d4fde', ['from', 'to', 'tokenId', 'data']],
    ['erc721', 'setApprovalForAll', '0xa22cb465', ['operator', 'approved']],
    ['erc1155', 'safeTransferFrom', '0xf242432a', ['from', 'to', 'id', 'value', 'data']],
    ['erc1155', 'safeBatchTransferFrom', '0x2eb2c2d6', ['from', 'to', 'ids', 'values', 'data']],
    ['erc1155', 'setApprovalForAll', '0xa22cb465', ['operator', 'approved']],
  ])('%s %s is %s', (standard, name, selector, parameters) => {
    const found = TOKEN_ABIS[standard].find((candidate) => candidate.selector === selector);
    expect([found?.name, found?.inputs.map((input) => input.name)]).toEqual([name, parameters]);
  });

  it('reads a transfer', () => {
    const data = parseHex(`0xa9059cbb${word('ab'.repeat(20))}${word('3e8')}`);
    expect(decodeCalldata(TOKEN_ABIS.erc20, data)?.arguments).toEqual([
      { name: 'to', value: { kind: 'address', value: new Uint8Array(20).fill(0xab) } },
      { name: 'value', value: { kind: 'integer', value: 1000n } },
    ]);
  });

  it.each(['0x', '0xa9059c', '0x12345678'])('knows no function for %s', (text) => {
    expect(decodeCalldata(TOKEN_ABIS.erc20, parseHex(text))).toBeNull();
  });
});

describe('decodeCalldata', () => {
  it('reads signed integers', () => {
    expect(decode(['int8'], `${'f'.repeat(62)}80`)).toEqual([{ kind: 'integer', value: -128n }]);
  });

  it.each<[string, string[], string[]]>([
    ['a missing word', ['uint8', 'uint8'], [word('1')]],
    ['a trailing word', ['uint8'], [word('1'), word('0')]],
    ['a trailing byte', ['uint8'], [word('1'), '00']],
    ['an integer beyond its width', ['uint8'], [word('100')]],
    ['a negative integer not sign-extended', ['int8'], [word('80')]],
    ['a negative integer beyond its width', ['int8'], [`${'f'.repeat(62)}7f`]],
    ['a bool of 2', ['bool'], [word('2')]],
    ['dirt before a bool', ['bool'], [`${'01'.padEnd(63, '0')}1`]],
    ['dirt before an address', ['address'], [word(`01${'ab'.repeat(20)}`)]],
    ['dirt behind bytes4', ['bytes4'], [`${'12345678'.padEnd(63, '0')}1`]],
    ['dirt behind bytes', ['bytes'], [word('20'), word('1'), 'ff01'.padEnd(64, '0')]],
    ['bytes longer than the data', ['bytes'], [word('20'), word('21'), 'ff'.padEnd(64, '0')]],
    ['a length of 2^32', ['bytes'], [word('20'), word('100000000')]],
    ['a length of 2^255', ['bytes'], [word('20'), `8${'0'.repeat(63)}`]],
    ['invalid UTF-8', ['string'], [word('20'), word('1'), 'ff'.padEnd(64, '0')]],
    ['an offset out of bounds', ['bytes'], [word('40'), word('0')]],
    ['an offset into the head', ['bytes', 'uint8'], [word('20'), word('0')]],
    ['an offset of 2^255', ['bytes'], [`8${'0'.repeat(63)}`, word('0')]],
    ['two offsets to one tail', ['bytes', 'bytes'], [word('40'), word('40'), word('0')]],
    ['tails out of order', ['bytes', 'bytes'], [word('60'), word('40'), word('0'), word('0')]],
    ['a gap before the tail', ['bytes'], [word('40'), word('0'), word('0')]],
    ['an array longer than the data', ['uint8[]'], [word('20'), word('2'), word('1')]],
    ['a million elements of no size', ['uint8[0][]'], [word('20'), word('f4240')]],
    [
      'nested arrays that share a tail',
      ['uint8[][]'],
      [word('20'), word('2'), word('40'), word('40'), word('0')],
    ],
  ])('refuses %s', (_, types, words) => expect(decode(types, ...words)).toBe('INVALID_CALLDATA'));
});

describe('parseAbi', () => {
  it('ignores what is no function', () => {
    const others = ['constructor', 'error', 'event', 'fallback', 'receive'].map((type) => ({
      type,
      name: 'x',
    }));
    expect(parseAbi([...others, ...fn('uint256')]).map(({ name }) => name)).toEqual(['f']);
  });

  const nested = (depth: number): object =>
    depth === 0 ? { name: 'x', type: 'bool' } : { name: 'x', type: 'tuple', components: [nested(depth - 1)] };
  const withInputs = (inputs: unknown) => [{ type: 'function', name: 'f', inputs }];
  it.each<[string, unknown]>([
    ['no array', {}],
    ['null as an entry', [null]],
    ['an entry of no kind', [{ name: 'f', inputs: [] }]],
    ['an unknown kind', [{ type: 'modifier', name: 'f', inputs: [] }]],
    ['a function without name', [{ type: 'function', inputs: [] }]],
    ['a name with a separator', [{ type: 'function', name: 'f(uint8', inputs: [] }]],
    ['no inputs', [{ type: 'function', name: 'f' }]],
    ['an alias', fn('uint')],
    ['an unknown type', fn('uint7')],
    ['bytes33', fn('bytes33')],
    ['a function type', fn('function')],
    ['a malformed array', fn('uint8[01]')],
    ['a negative array', fn('uint8[-1]')],
    ['a tuple without components', fn('tuple')],
    ['a static array that fits into no call', fn('uint8[99999]')],
    ['a product of array lengths that overflows', fn('uint8[4096][4096]')],
    ['nine levels of arrays', fn(`uint8${'[]'.repeat(9)}`)],
    ['nine levels of tuples', withInputs([nested(9)])],
    ['65 parameters', fn(...Array.from({ length: 65 }, () => 'bool'))],
    ['1001 entries', Array.from({ length: 1001 }, () => ({ type: 'event' }))],
    ['two functions of one selector', [...fn('uint8'), ...fn('uint8')]],
    ['a parameter that is no object', withInputs(['uint8'])],
    ['a parameter name that is no text', withInputs([{ name: 1, type: 'uint8' }])],
  ])('refuses %s', (_, abi) => expect(codeOf(() => parseAbi(abi))).toBe('INVALID_ABI'));

  it('accepts the limits', () => {
    expect(parseAbi(withInputs([nested(8)])).length).toBe(1);
    expect(parseAbi(fn(`uint8${'[]'.repeat(8)}`)).length).toBe(1);
  });
});
