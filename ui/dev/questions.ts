// Questions to people in the made-up world.
import type { Question } from '~/api/types';
import type { World, WorldRun } from './world';

/** Has a task wait for an answer. */
export function ask(
  world: World,
  run: WorldRun,
  taskId: string,
  more: Partial<Question> = {},
): Question {
  const task = run.tasks.get(taskId)![0]!;
  Object.assign(task, { state: 'awaiting_input', end_date: null, operator_name: 'HITLOperator' });
  Object.assign(run, { state: 'running', end_date: null });
  Object.assign(world.find(task.dag_id)!.details, { active_runs_count: 1 });
  const asked: Question = {
    subject: 'Well?',
    body: null,
    options: ['Yes', 'No'],
    defaults: null,
    multiple: false,
    params: {},
    assigned_users: [],
    created_at: new Date(world.now - 60_000).toISOString(),
    responded_by_user: null,
    responded_at: null,
    chosen_options: null,
    params_input: {},
    response_received: false,
    task_instance: task,
    ...more,
  };
  world.questions.push(asked);
  return asked;
}
