/** The schedule in short; nothing for a dag that only runs on demand (Airflow says `None`). */
export function scheduleOf(dag: { timetable_summary: string | null }): string | null {
  return dag.timetable_summary === 'None' ? null : dag.timetable_summary;
}

/** Who owns it, unless nobody said so (Airflow then says `airflow`). */
export function ownersOf(dag: { owners: string[] }): string {
  return dag.owners.filter((owner) => owner !== 'airflow').join(', ');
}
