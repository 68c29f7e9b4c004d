export type LabErrorCode =
  /** This machine cannot run the lab; the message says what is missing. */
  | 'lab-unavailable'
  /** buildLab was called outside the private namespaces. */
  | 'not-inside'
  /** Another lab stands in these namespaces already. */
  | 'lab-already-built'
  | 'bad-description'
  /** A command that builds the lab failed; the message holds what it said. */
  | 'build-failed'
  /** A NAT measured as another kind than the one asked for. */
  | 'nat-not-as-described'
  /** A trace found another way than the one asked for. */
  | 'way-not-as-described'
  | 'verify-failed'
  | 'capture-failed'
  | 'link-failed'
  /** A way was asked for from or to a site that is not there. */
  | 'unknown-site'
  | 'run-not-found'
  /** A program of the demo did not start, or ended. */
  | 'program-failed';

/** Whatever keeps a lab from being built, trusted or found. */
export class LabError extends Error {
  override readonly name = 'LabError';
  readonly code: LabErrorCode;
  constructor(code: LabErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
