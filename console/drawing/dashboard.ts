/** Grafana's classic dashboard, as far as the console draws it; read from the very files that Grafana is given. */
export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly refresh?: string;
  readonly time: { readonly from: string; readonly to: string };
  readonly templating: { readonly list: readonly Variable[] };
  readonly annotations: { readonly list: readonly Annotation[] };
  readonly panels: readonly Panel[];
}

export interface Variable {
  readonly name: string;
  readonly type: string;
  readonly label?: string;
  readonly query?: string;
  readonly multi?: boolean;
  readonly includeAll?: boolean;
  /** what stands for all of them */
  readonly allValue?: string;
}

export interface Annotation {
  readonly name: string;
  readonly enable: boolean;
  readonly expr: string;
  readonly titleFormat: string;
  readonly textFormat: string;
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly Target[];
  readonly transformations?: readonly Transformation[];
  readonly fieldConfig?: { readonly defaults: FieldDefaults; readonly overrides?: readonly Override[] };
  readonly options?: {
    readonly orientation?: 'horizontal' | 'vertical' | 'auto';
    readonly stacking?: 'none' | 'normal' | 'percent';
    readonly xField?: string;
  };
}

export interface FieldDefaults {
  readonly unit?: string;
  readonly noValue?: string;
  readonly thresholds?: { readonly steps: readonly Step[] };
  readonly mappings?: readonly ValueMapping[];
}

/** A colour from a value upwards; null holds below all others. */
export interface Step {
  readonly value: number | null;
  readonly color: string;
}

/** Words that stand for values: only exact values and spans, which is all that Grafana's editor makes of numbers. */
export type ValueMapping =
  | { readonly type: 'value'; readonly options: Readonly<Record<string, Words>> }
  | { readonly type: 'range'; readonly options: { from: number | null; to: number | null; result: Words } };

export interface Words {
  readonly text?: string;
  readonly color?: string;
}

export interface Override {
  readonly matcher: { readonly id: string; readonly options?: unknown };
  readonly properties: readonly { readonly id: string; readonly value?: unknown }[];
}

export interface Target {
  readonly refId: string;
  readonly expr?: string;
  readonly rawSql?: string;
  readonly legendFormat?: string;
  readonly instant?: boolean;
  /** of SQL: `timeseries` or `table` */
  readonly queryType?: string;
}

export type Transformation =
  | {
      readonly id: 'organize';
      readonly options: { readonly excludeByName?: Readonly<Record<string, boolean>> };
    }
  | {
      readonly id: 'groupingToMatrix';
      readonly options: {
        readonly rowField: string;
        readonly columnField: string;
        readonly valueField: string;
      };
    };
