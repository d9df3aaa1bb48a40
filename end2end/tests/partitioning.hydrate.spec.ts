// Guards the set-up of these journeys: Chromium partitions storage by the top-level site, as people's browsers do. If this fails,
// the popup journeys prove nothing.
import { expect, test } from '../fixtures/test.ts';

test('a broadcast on our origin reaches our own page, and no frame of ours inside another site', async ({ context, stack, application }) => {
  const listen = (): void => {
    const heard: unknown[] = [];
    (window as unknown as { heard: unknown[] }).heard = heard;
    new BroadcastChannel('guard').onmessage = (event) => heard.push(event.data);
  };
  // /healthz is on our origin and, unlike our pages, a frame can be made of it once the headers are taken off.
  await context.route(`${stack.origin}/healthz`, (route) => route.fulfill({ contentType: 'text/html', body: '<!DOCTYPE html><title>frame</title>' }));
  const own = await context.newPage();
  await own.goto(`${stack.origin}/healthz`);
  await own.evaluate(listen);
  const foreign = await context.newPage();
  await foreign.goto(`${application.origin()}/frame?src=${encodeURIComponent(`${stack.origin}/healthz`)}`);
  const frame = foreign.frames().find((candidate) => candidate.url() === `${stack.origin}/healthz`);
  if (!frame) throw new Error('there is no frame of ours in the page');
  await frame.evaluate(listen);

  const sender = await context.newPage();
  await sender.goto(`${stack.origin}/healthz`);
  await sender.evaluate(() => new BroadcastChannel('guard').postMessage('hello'));
  const heard = (target: typeof own | typeof frame): Promise<unknown[]> => target.evaluate(() => (window as unknown as { heard: unknown[] }).heard);
  await expect.poll(() => heard(own)).toEqual(['hello']);
  expect(await heard(frame)).toEqual([]);
});
