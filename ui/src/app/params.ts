import { useParams } from 'react-router';

/** What the address names. A page's route guarantees the parts that the page reads. */
export function usePlace() {
  const { deployment = 'default', dag = '', run = '', task = '', mapIndex } = useParams();
  const index = Number(mapIndex ?? -1);
  return { deployment, dag, run, task, mapIndex: Number.isInteger(index) ? index : -1 };
}
