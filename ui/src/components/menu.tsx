import * as Radix from '@radix-ui/react-dropdown-menu';
import type { ReactNode } from 'react';

export type MenuItem = { label: string; mark?: ReactNode; onSelect: () => void; checked?: boolean };

type Props = { trigger: ReactNode; items: MenuItem[]; label: string };

export function Menu({ trigger, items, label }: Props) {
  return (
    <Radix.Root modal={false}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          align="end"
          sideOffset={4}
          collisionPadding={8}
          aria-label={label}
          className="z-40 min-w-44 rounded-lg border border-line bg-raised p-1 shadow-xl"
        >
          {items.map((item) => (
            <Radix.Item
              key={item.label}
              onSelect={item.onSelect}
              className="flex cursor-pointer items-center gap-2 rounded-md px-2 py-1.5 outline-none data-[highlighted]:bg-sunk"
            >
              {item.mark}
              <span className="flex-1">{item.label}</span>
              {item.checked && <span aria-label="chosen">✓</span>}
            </Radix.Item>
          ))}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
