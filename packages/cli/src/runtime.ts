/** net.BoundSocket, with which a TCP connection leaves from a port that also listens, came with 24.19. */
const [neededMajor, neededMinor] = [24, 19];

/** Ends the process with a sentence where Node.js is too old. */
export function requireNode(): void {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > neededMajor || (major === neededMajor && minor >= neededMinor)) return;
  process.stderr.write(
    `pinhole needs Node.js ${neededMajor}.${neededMinor} or later, and this is ${process.versions.node}; run 'npm run setup'.\n`,
  );
  process.exit(1);
}
