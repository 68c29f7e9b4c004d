// The collector's errors, each at the field it is about. Pure.

import type { FieldError } from '@pinhole/contract';
import { ApiError } from '../api/errors.ts';

/** What is wrong with `field` or a part of it: `agents` takes `agents.0.agentId`. Undefined where nothing is. */
export function fieldError(errors: readonly FieldError[], field: string): string | undefined {
  const own = errors.filter((error) => isAbout(error, field)).map(({ message }) => sentence(message));
  return own.length === 0 ? undefined : [...new Set(own)].join(' ');
}

/** What cannot be shown at one of `fields`; where all can, that they are to be looked at. */
export function otherErrors(error: Error, fields: readonly string[]): string {
  if (!(error instanceof ApiError) || error.fieldErrors.length === 0) return error.message;
  const others = error.fieldErrors.filter((each) => !fields.some((field) => isAbout(each, field)));
  if (others.length === 0) return 'Correct what is marked below and try again.';
  return others.map(({ field, message }) => `${field}: ${sentence(message)}`).join(' ');
}

function isAbout(error: FieldError, field: string): boolean {
  return error.field === field || error.field.startsWith(`${field}.`);
}

function sentence(message: string): string {
  return /[.!?]$/.test(message) ? message : `${message}.`;
}
