// Opens TCP connections that never speak, from many addresses of loopback, and holds them until it is killed. A
// process of its own, because both ends of ten thousand connections are more than one may have descriptors for.
// Arguments: the server's port, how many. Prints a line when all were opened or refused.

import { connect } from 'node:net';

const [port = 0, count = 0] = process.argv.slice(2).map(Number);
/** From one address the server takes 256. */
const perAddress = 250;
/** At one time, so that the listener's backlog holds them. */
const atOnce = 200;

let next = 0;
let settled = 0;
for (let i = 0; i < atOnce; i++) open();

function open(): void {
  if (next >= count) return;
  const localAddress = `127.1.0.${1 + Math.floor(next++ / perAddress)}`;
  const socket = connect({ host: '127.0.0.1', port, localAddress });
  let counted = false;
  const settle = () => {
    if (counted) return;
    counted = true;
    if (++settled === count) console.log('opened');
    open();
  };
  socket.on('connect', settle).on('error', settle);
}
