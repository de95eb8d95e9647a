import js from '@eslint/js';
import a11y from 'eslint-plugin-jsx-a11y';
import hooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

const sizes = { max: 250, skipBlankLines: true, skipComments: true };

export default tseslint.config(
  { ignores: ['dist', 'src/api/schema.d.ts', 'shots'] },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  a11y.flatConfigs.recommended,
  { files: ['**/*.{ts,tsx}'], ...hooks.configs.flat['recommended-latest'] },
  {
    files: ['src/**/*.{ts,tsx}'],
    rules: {
      'max-lines': ['error', sizes],
      'no-console': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      // Virtualised tables are divs with table roles; the rows are real to a screen reader.
      'jsx-a11y/no-noninteractive-tabindex': 'off',
      // The virtualiser's hook returns functions that must not be memoised; we do not.
      'react-hooks/incompatible-library': 'off',
    },
  },
  {
    files: ['**/*.mjs', 'dev/**'],
    languageOptions: {
      globals: Object.fromEntries(
        ['process', 'console', 'URL', 'setTimeout', 'fetch', 'document', 'window'].map((name) => [
          name,
          'readonly',
        ]),
      ),
    },
  },
);
