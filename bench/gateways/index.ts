// The catalogue of measured gateways, in the order of the table. Ours comes first, the limit second.
import { bifrost } from './bifrost.ts';
import { ferro } from './ferro.ts';
import type { Gateway } from './gateway.ts';
import { gomodel } from './gomodel.ts';
import { nginx } from './nginx.ts';
import { plumbline } from './plumbline.ts';
import { portkey } from './portkey.ts';

export const gateways: readonly Gateway[] = [plumbline, nginx, portkey, ferro, bifrost, gomodel];
