import type { components } from './schema';

type Schemas = components['schemas'];

export type Dag = Schemas['OrreryDag'];
export type DagPage = Schemas['OrreryDagPage'];
export type DagDetails = Schemas['DAGDetailsResponse'];
export type DagRun = Schemas['DAGRunResponse'];
export type DagRunState = Schemas['DagRunState'];
export type RunSummary = Schemas['OrreryRunSummary'];
export type Grid = Schemas['OrreryGrid'];
export type GridRun = Schemas['OrreryGridRun'];
export type GridTask = Schemas['OrreryGridTask'];
export type Reason = Schemas['OrreryReason'];
export type TaskReasons = Schemas['OrreryTaskReasons'];
export type RunReasons = Schemas['OrreryRunReasons'];
export type StateCount = Schemas['OrreryStateCount'];
export type TaskState = Schemas['TaskInstanceState'];
export type TryRecord = Schemas['TaskInstanceHistoryResponse'];
export type TriggerBody = Schemas['TriggerDAGRunPostBody'];
export type ClearBody = Schemas['ClearTaskInstancesBody'];
export type Question = Schemas['HITLDetail'];
export type AuditEntry = Schemas['EventLogResponse'];
export type XComEntry = Schemas['XComResponse'];

export type Setup = Schemas['OrrerySetup'];

/** What Orrery measures beside upstream's fields. */
export type Usage = { cpu_seconds?: number | null; peak_memory_bytes?: number | null };
export type TaskInstance = Schemas['TaskInstanceResponse'] & { orrery?: Usage | null };

/** Upstream gives a stack trace; Orrery adds where and what when it knows. */
export type ImportError = Schemas['ImportErrorResponse'] &
  Partial<Pick<Schemas['OrreryImportError'], 'line' | 'column' | 'message' | 'code'>>;

/** Something that is odd with a dag that runs all the same. */
export type DagWarning = Schemas['DAGWarningResponse'];

export type LogLine = {
  event: string;
  timestamp?: string;
  level?: string;
  logger?: string;
  [field: string]: unknown;
};
