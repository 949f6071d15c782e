/** A page that is open. */
export interface View {
  readonly title: string;
  /** in other colours */
  redraw(): void;
  end(): void;
}
