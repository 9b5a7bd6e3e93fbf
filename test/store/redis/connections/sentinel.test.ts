import { expect, it } from 'vitest';
import { chooseView } from '../../../../src/store/redis/connections/sentinel.ts';
import type { SentinelView } from '../../../../src/store/redis/connections/sentinel-watch.ts';

const view = (port: number, epoch: number): SentinelView => ({
  endpoint: { host: '10.0.0.1', port },
  epoch,
  isFailingOver: false,
});
const followed = (port: number, epoch: number, fault?: Error) => ({
  connection: { endpoint: { host: '10.0.0.1', port }, fault },
  epoch,
});

it.each([
  ['no Sentinel replied', [], followed(1, 3), undefined],
  ['the first view is taken', [view(1, 3)], undefined, 1],
  ['of two views that of the later failover is followed', [view(1, 3), view(2, 4)], followed(1, 3), 2],
  ['a view that is behind is ignored', [view(1, 3)], followed(2, 4), undefined],
  [
    'of views of one epoch that of the present master is followed',
    [view(2, 4), view(1, 4)],
    followed(1, 4),
    1,
  ],
  [
    'views with a lower epoch are followed while the master is away',
    [view(2, 0)],
    followed(1, 4, new Error('gone')),
    2,
  ],
])('%s', (_, views, present, port) => {
  expect(chooseView(views, present)?.endpoint.port).toBe(port);
});
