// Keeps the event loop of the process that it is loaded into (node --import) busy for three quarters of the time.

const busyMs = 15;
const restMs = 5;

function work(): void {
  const untilMs = performance.now() + busyMs;
  while (performance.now() < untilMs);
  setTimeout(work, restMs);
}
work();
