import type { ButtonHTMLAttributes } from 'react';
import { Icon, type IconName } from './icons';

type Look = 'solid' | 'outline' | 'ghost';

const LOOKS: Record<Look, string> = {
  solid: 'bg-solid text-on-solid hover:opacity-90',
  outline: 'border border-line-strong bg-raised text-ink hover:border-ink',
  ghost: 'text-muted hover:bg-sunk hover:text-ink',
};
const BASE =
  'inline-flex h-8 shrink-0 items-center justify-center gap-1.5 rounded-md font-medium ' +
  'whitespace-nowrap disabled:opacity-50 aria-disabled:opacity-50';

export function buttonClass(look: Look = 'outline', extra = 'px-3') {
  return `${BASE} ${LOOKS[look]} ${extra}`;
}

type Props = ButtonHTMLAttributes<HTMLButtonElement> & { look?: Look; icon?: IconName };

export function Button({ look = 'outline', icon, children, className = '', ...rest }: Props) {
  return (
    <button type="button" className={`${buttonClass(look)} ${className}`} {...rest}>
      {icon && <Icon name={icon} width={14} height={14} />}
      {children}
    </button>
  );
}

type IconProps = ButtonHTMLAttributes<HTMLButtonElement> & {
  icon: IconName;
  label: string;
  look?: Look;
};

export function IconButton({ icon, label, look = 'ghost', className = '', ...rest }: IconProps) {
  return (
    <button
      type="button"
      aria-label={label}
      data-tip={label}
      className={`${buttonClass(look, 'w-8')} ${className}`}
      {...rest}
    >
      <Icon name={icon} />
    </button>
  );
}
