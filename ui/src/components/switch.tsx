type Props = {
  checked: boolean;
  onChange: (checked: boolean) => void;
  label: string;
  tip?: string;
};

export function Switch({ checked, onChange, label, tip }: Props) {
  return (
    <button
      type="button"
      role="switch"
      aria-checked={checked}
      aria-label={label}
      data-tip={tip}
      onClick={() => onChange(!checked)}
      className={`relative h-[18px] w-8 shrink-0 rounded-full border transition-colors ${
        checked ? 'border-brass bg-brass' : 'border-line-strong bg-sunk'
      }`}
    >
      <span
        className={`absolute top-[2px] left-[2px] size-3 rounded-full transition-transform ${
          checked ? 'translate-x-[14px] bg-surface' : 'bg-line-strong'
        }`}
      />
    </button>
  );
}
