import { Module } from '@nestjs/common';
import { EventsController } from './events.controller.js';
import { PageController } from './page/page.controller.js';

/** The page first: as a topic it would be one named `page`. */
@Module({ controllers: [PageController, EventsController] })
export class EventsModule {}
