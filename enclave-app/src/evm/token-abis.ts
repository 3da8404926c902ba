import { type AbiFunction, parseAbi } from './abi.ts';

/** ABIs that a policy may name; parameters are called as in OpenZeppelin's interfaces. */
export type TokenStandard = 'erc20' | 'erc721' | 'erc1155';

export const TOKEN_ABIS: Readonly<Record<TokenStandard, readonly AbiFunction[]>> = {
  erc20: abiOf([
    'allowance(address owner,address spender)',
    'approve(address spender,uint256 value)',
    'balanceOf(address account)',
    'decimals()',
    'name()',
    'symbol()',
    'totalSupply()',
    'transfer(address to,uint256 value)',
    'transferFrom(address from,address to,uint256 value)',
  ]),
  erc721: abiOf([
    'approve(address to,uint256 tokenId)',
    'balanceOf(address owner)',
    'getApproved(uint256 tokenId)',
    'isApprovedForAll(address owner,address operator)',
    'name()',
    'ownerOf(uint256 tokenId)',
    'safeTransferFrom(address from,address to,uint256 tokenId)',
    'safeTransferFrom(address from,address to,uint256 tokenId,bytes data)',
    'setApprovalForAll(address operator,bool approved)',
    'supportsInterface(bytes4 interfaceId)',
    'symbol()',
    'tokenURI(uint256 tokenId)',
    'transferFrom(address from,address to,uint256 tokenId)',
  ]),
  erc1155: abiOf([
    'balanceOf(address account,uint256 id)',
    'balanceOfBatch(address[] accounts,uint256[] ids)',
    'isApprovedForAll(address account,address operator)',
    'safeBatchTransferFrom(address from,address to,uint256[] ids,uint256[] values,bytes data)',
    'safeTransferFrom(address from,address to,uint256 id,uint256 value,bytes data)',
    'setApprovalForAll(address operator,bool approved)',
    'supportsInterface(bytes4 interfaceId)',
    'uri(uint256 id)',
  ]),
};

/** Turns `name(type name,...)` into JSON ABI entries: the table above stays legible. */
function abiOf(signatures: readonly string[]): readonly AbiFunction[] {
  return parseAbi(
    signatures.map((signature) => {
      const [name, list = ''] = signature.slice(0, -1).split('(');
      const inputs = list === '' ? [] : list.split(',').map((parameter) => parameter.split(' '));
      return {
        type: 'function',
        name,
        inputs: inputs.map(([type, parameter]) => ({ type, name: parameter })),
      };
    }),
  );
}
