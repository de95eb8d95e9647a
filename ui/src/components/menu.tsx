import * as Radix from '@radix-ui/react-dropdown-menu';
import { useRef, type ReactNode } from 'react';

export type MenuItem = { label: string; mark?: ReactNode; onSelect: () => void; checked?: boolean };

type Props = { trigger: ReactNode; items: MenuItem[]; label: string };

export function Menu({ trigger, items, label }: Props) {
  // Done when the menu has given the focus back, so that a dialog knows where to return it to.
  const chosen = useRef<(() => void) | null>(null);
  const act = () => {
    const action = chosen.current;
    chosen.current = null;
    if (action) setTimeout(action);
  };
  return (
    <Radix.Root modal={false}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          align="end"
          sideOffset={4}
          collisionPadding={8}
          aria-label={label}
          onCloseAutoFocus={act}
          className="z-40 min-w-44 rounded-lg border border-line bg-raised p-1 shadow-xl"
        >
          {items.map((item) => (
            <Radix.Item
              key={item.label}
              onSelect={() => {
                chosen.current = item.onSelect;
              }}
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
