import assert from 'node:assert/strict';
import { test } from 'node:test';
import { counted, dateAndTime, durationInWords, relativeTime } from './time.ts';

test('the past and what is to come, in the largest unit', () => {
  const now = 1_700_000_000_000;
  assert.equal(relativeTime(now - 2000, now), 'just now');
  assert.equal(relativeTime(now - 12_000, now), '12 seconds ago');
  assert.equal(relativeTime(now - 60_000, now), '1 minute ago');
  assert.equal(relativeTime(now - 7_300_000, now), '2 hours ago');
  assert.equal(relativeTime(now - 3 * 86_400_000, now), '3 days ago');
  assert.equal(relativeTime(now + 40_000, now), 'in 40 seconds');
});

test('what is no date is an unknown time', () => {
  const noDates = [Date.parse('yesterday'), Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER, -8.64e15 - 1];
  for (const atMs of noDates) {
    assert.equal(dateAndTime(atMs), 'unknown time');
    assert.equal(relativeTime(atMs, 0), 'unknown time');
  }
  assert.match(dateAndTime(8.64e15), /275760/);
});

test('an interval reads as a person says it', () => {
  assert.equal(durationInWords(60), '1 minute');
  assert.equal(durationInWords(900), '15 minutes');
  assert.equal(durationInWords(3600), '1 hour');
});

test('one of a thing has no s', () => {
  assert.equal(counted(1, 'agent'), '1 agent');
  assert.equal(counted(0, 'agent'), '0 agents');
  assert.equal(counted(2, 'reply', 'replies'), '2 replies');
});
