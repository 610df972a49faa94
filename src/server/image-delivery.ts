import type { Delivery } from '../admin/service/deps.ts';
import { connectionRoom, createImageSender, type ImageSender } from '../native/image-sender.ts';
import { Deliveries } from '../http/access-log.ts';
import { DEFAULT_LIMITS } from '../http/listen.ts';
import { machineKey } from '../model/machine.ts';
import type { Log } from '../model/service.ts';
import type { Settings } from '../settings/settings.ts';
import type { AddressTable } from './events.ts';

export interface ImageDelivery {
  /** Sends what is large past Node. */
  readonly sender: ImageSender;
  /** What is being sent now, to which client. */
  readonly deliveries: Deliveries;
  /** The same, to which machine. */
  readonly onTheWay: () => readonly Delivery[];
  /** How many clients there may be at one time. */
  readonly maxConnections: number;
}

interface ImageDeliveryOptions {
  readonly settings: Pick<Settings, 'native'>;
  readonly addressTable: AddressTable;
  /** When machines are answered: nothing of this may delay that. */
  readonly after: Promise<void>;
  readonly log: Log;
}

/** A part that is sent past Node takes a descriptor besides that of its connection: a share of those that are left free. */
const CONNECTIONS_FOR_A_PART = 16;

/** How images leave, and what of them is on the way. */
export function createImageDelivery({ settings, addressTable, after, log }: ImageDeliveryOptions): ImageDelivery {
  const maxConnections = connectionRoom(DEFAULT_LIMITS.maxConnections);
  const most = Math.ceil(maxConnections / CONNECTIONS_FOR_A_PART);
  const deliveries = new Deliveries();
  return {
    sender: createImageSender({ on: settings.native !== false, most, after, log }),
    deliveries,
    onTheWay: () =>
      deliveries.running().flatMap(({ from, file, position, size }) => {
        const key = machineKey(addressTable.at(from) ?? {});
        return key === undefined ? [] : [{ key, file, received: position, size }];
      }),
    maxConnections,
  };
}
