import { Button, IconButton } from '~/components/button';
import type { IconName } from '~/components/icons';
import { useZone } from '~/components/zone';
import { useTheme, type Theme } from './theme';

const THEMES: Record<Theme, { name: string; icon: IconName; next: Theme }> = {
  system: { name: 'as the system', icon: 'screen', next: 'light' },
  light: { name: 'light', icon: 'sun', next: 'dark' },
  dark: { name: 'dark', icon: 'moon', next: 'system' },
};

/** Two choices of the reader, each a button that goes to the next. */
export function Preferences() {
  const { theme, setTheme } = useTheme();
  const { zone, setZone } = useZone();
  const { name, icon, next } = THEMES[theme];
  const utc = zone === 'utc';
  return (
    <>
      <Button
        look="ghost"
        className="!px-2 text-xs"
        aria-label={utc ? 'UTC: show local times' : 'Local times: show UTC'}
        data-tip={utc ? 'Times are in UTC: show your own' : 'Times are your own: show UTC'}
        onClick={() => setZone(utc ? 'local' : 'utc')}
      >
        {utc ? 'UTC' : 'Local'}
      </Button>
      <IconButton
        icon={icon}
        label={`Theme: ${name}. Change to ${THEMES[next].name}`}
        onClick={() => setTheme(next)}
      />
    </>
  );
}
