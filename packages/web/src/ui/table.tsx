// Tables: real ones, so that a reader can walk them. On a narrow screen they scroll sideways within themselves.

import type { ComponentProps, ReactNode } from 'react';
import { classNames } from './class-names.ts';
import { Icon } from './icon.tsx';

export interface Sort<Key extends string> {
  readonly key: Key;
  readonly descending: boolean;
}

export interface Column<Row, Key extends string = string> {
  readonly id: string;
  readonly header: ReactNode;
  /** Present where the column can be sorted by. */
  readonly sortKey?: Key;
  readonly align?: 'left' | 'right';
  /** Its cells name their rows for readers. */
  readonly isRowHeader?: boolean;
  readonly className?: string;
  readonly cell: (row: Row) => ReactNode;
}

interface DataTableProps<Row, Key extends string> {
  /** What the table holds; read by readers, not shown. */
  caption: string;
  columns: readonly Column<Row, Key>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  sort?: Sort<Key>;
  onSort?: (sort: Sort<Key>) => void;
  /** Marks a row. */
  isSelected?: (row: Row) => boolean;
}

export function DataTable<Row, Key extends string = string>({
  caption,
  columns,
  rows,
  rowKey,
  sort,
  onSort,
  isSelected,
}: DataTableProps<Row, Key>) {
  return (
    <Table caption={caption}>
      <thead>
        <tr>
          {columns.map((column) => (
            <Th
              key={column.id}
              align={column.align}
              sorted={sort !== undefined && sort.key === column.sortKey ? sort : null}
              onSort={
                column.sortKey === undefined || onSort === undefined
                  ? undefined
                  : () => onSort(nextSort(sort, column.sortKey as Key))
              }
            >
              {column.header}
            </Th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr
            key={rowKey(row)}
            className={classNames('group', isSelected?.(row) ? 'bg-accent-soft' : 'hover:bg-hover')}
          >
            {columns.map((column) => (
              <Td
                key={column.id}
                align={column.align}
                isRowHeader={column.isRowHeader ?? false}
                className={column.className}
              >
                {column.cell(row)}
              </Td>
            ))}
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

/** The frame: give it thead and tbody made of Th and Td. */
export function Table({
  caption,
  children,
  className,
}: {
  caption: string;
  children: ReactNode;
  className?: string;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be scrollable by the keyboard
    <section aria-label={caption} tabIndex={0} className={classNames('relative overflow-x-auto', className)}>
      <table className="w-full border-collapse text-left text-sm [&_tbody>tr:last-child>*]:border-b-0">
        <caption className="sr-only">{caption}</caption>
        {children}
      </table>
    </section>
  );
}

export function Th({
  align = 'left',
  sorted = null,
  onSort,
  children,
  className,
}: {
  align?: 'left' | 'right' | undefined;
  sorted?: { readonly descending: boolean } | null;
  onSort?: (() => void) | undefined;
  children: ReactNode;
  className?: string;
}) {
  const direction = sorted?.descending ? 'descending' : 'ascending';
  return (
    <th
      scope="col"
      aria-sort={onSort === undefined ? undefined : sorted === null ? 'none' : direction}
      className={classNames(
        'border-b border-line px-3 py-2 text-xs font-medium whitespace-nowrap text-muted',
        align === 'right' && 'text-right',
        className,
      )}
    >
      {onSort === undefined ? (
        children
      ) : (
        <button
          type="button"
          onClick={onSort}
          className="-mx-1 inline-flex cursor-pointer items-center gap-1 rounded-sm px-1 hover:text-ink"
        >
          {children}
          <Icon
            name={sorted?.descending ? 'sort-down' : 'sort-up'}
            className={classNames('size-3!', sorted === null && 'opacity-0')}
          />
        </button>
      )}
    </th>
  );
}

export function Td({
  align = 'left',
  isRowHeader = false,
  className,
  ...rest
}: Omit<ComponentProps<'td'>, 'align'> & { align?: 'left' | 'right' | undefined; isRowHeader?: boolean }) {
  const looks = classNames(
    'border-b border-line px-3 py-2 align-top font-normal',
    align === 'right' && 'text-right',
    className,
  );
  return isRowHeader ? <th scope="row" className={looks} {...rest} /> : <td className={looks} {...rest} />;
}

function nextSort<Key extends string>(sort: Sort<Key> | undefined, key: Key): Sort<Key> {
  return { key, descending: sort?.key === key ? !sort.descending : false };
}
