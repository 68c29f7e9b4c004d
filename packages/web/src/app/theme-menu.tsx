import { useState } from 'react';
import { Icon, type IconName } from '../ui/icon.tsx';
import { Menu, MenuItem } from '../ui/menu.tsx';
import { readTheme, setTheme, type Theme, themes } from './theme.ts';

const looks: Record<Theme, { label: string; icon: IconName }> = {
  system: { label: 'System theme', icon: 'system' },
  light: { label: 'Light theme', icon: 'sun' },
  dark: { label: 'Dark theme', icon: 'moon' },
};

export function ThemeMenu() {
  const [theme, setShown] = useState(readTheme);
  return (
    <Menu
      trigger={
        <button
          type="button"
          className="flex w-full cursor-pointer items-center gap-2.5 rounded-md px-2 py-1.5 text-left text-muted hover:bg-hover hover:text-ink"
        >
          <Icon name={looks[theme].icon} />
          {looks[theme].label}
        </button>
      }
    >
      {themes.map((each) => (
        <MenuItem
          key={each}
          icon={looks[each].icon}
          onClick={() => {
            setTheme(each);
            setShown(each);
          }}
        >
          {looks[each].label}
        </MenuItem>
      ))}
    </Menu>
  );
}
