import { Component, type ComponentChildren } from 'preact';

/** A page that fails is said to have failed; the rest of the dashboard stays. */
export class ErrorBoundary extends Component<{ children: ComponentChildren }, { error: unknown }> {
  override state = { error: undefined as unknown };

  static override getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    return (
      <div class="failed" role="alert">
        <p>
          <strong>This page cannot be shown.</strong> {error instanceof Error ? error.message : String(error)}
        </p>
        <button type="button" onClick={() => location.reload()}>
          Load again
        </button>
      </div>
    );
  }
}
