import { lazy, Suspense, type ComponentProps } from 'react';

const Dialog = lazy(() =>
  import('./trigger-dialog').then(({ TriggerDialog }) => ({ default: TriggerDialog })),
);

/** The dialog and what it is made of come when somebody first triggers. */
export function TriggerDialog(props: ComponentProps<typeof Dialog>) {
  return (
    <Suspense fallback={null}>
      <Dialog {...props} />
    </Suspense>
  );
}
