const part = encodeURIComponent;

/** The address of every page. */
export const paths = {
  dags: (deployment: string) => `/d/${part(deployment)}/dags`,
  audit: (deployment: string, of: Record<string, string> = {}) =>
    `/d/${part(deployment)}/audit${Object.keys(of).length > 0 ? `?${new URLSearchParams(of)}` : ''}`,
  dag: (deployment: string, dag: string) => `/d/${part(deployment)}/dags/${part(dag)}`,
  run: (deployment: string, dag: string, run: string) =>
    `${paths.dag(deployment, dag)}/runs/${part(run)}`,
  task: (deployment: string, dag: string, run: string, task: string, mapIndex = -1) =>
    `${paths.run(deployment, dag, run)}/tasks/${part(task)}/${mapIndex}`,
};
