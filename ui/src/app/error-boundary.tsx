import { Component, type ReactNode } from 'react';
import { ProblemPanel } from '~/components/problem';

type State = { error: unknown };

/** A page that breaks says so, in its place; the rest of the shell still works. */
export class ErrorBoundary extends Component<{ children: ReactNode }, State> {
  override state: State = { error: null };

  static getDerivedStateFromError(error: unknown): State {
    return { error };
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    return (
      <div className="p-5">
        <ProblemPanel
          what="This page broke."
          error={this.state.error}
          onRetry={() => window.location.reload()}
        />
      </div>
    );
  }
}
