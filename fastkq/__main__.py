import sys

from fastkq.cli import main

sys.exit(main())
