import { Secret } from '../../../parent-proxy/src/secrets.ts';
import { openStore } from '../../../parent-proxy/src/store/open-store.ts';
import type { Store } from '../../../parent-proxy/src/store/store.ts';

/** A store's location as one process hands it to another: addresses as texts, which `Secret` would not let through. */
export type TwinStoreLocation =
  | { readonly engine: 'sqlite'; readonly directory: string }
  | { readonly engine: 'postgres'; readonly primaryUrl: string; readonly vaultUrl: string };

/** @throws StoreError */
export function openTwinStore(location: TwinStoreLocation): Promise<Store> {
  if (location.engine === 'sqlite') return openStore(location);
  const { engine, primaryUrl, vaultUrl } = location;
  return openStore({ engine, primaryUrl: new Secret(primaryUrl), vaultUrl: new Secret(vaultUrl) });
}
