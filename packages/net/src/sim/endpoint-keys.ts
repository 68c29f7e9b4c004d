import type { Endpoint, IpAddress } from '@pinhole/wire';

/** Numbers for addresses and endpoints, to look things up by: far quicker than text put together for each packet. */
export class EndpointKeys {
  readonly #addresses = new Map<IpAddress, number>();

  /** Never 0. */
  ofAddress(address: IpAddress): number {
    let key = this.#addresses.get(address);
    if (key === undefined) {
      key = this.#addresses.size + 1;
      this.#addresses.set(address, key);
    }
    return key;
  }

  /** Never 0. */
  of({ address, port }: Endpoint): number {
    return this.ofAddress(address) * 65_536 + port;
  }
}
