import { useStored } from './stored';
import type { Zone } from './format';

/** The zone of every date on the page: the reader's own, or UTC. */
export function useZone() {
  const [zone, setZone] = useStored<Zone>('orrery.zone', 'local');
  return { zone, setZone };
}
